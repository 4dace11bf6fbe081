import { enableCompileCache } from 'node:module'

// Compiled code is kept between starts: with it a worker is ready in about half the time.
enableCompileCache()

const { runCommandLine } = await import('./cli/command-line.ts')
process.exitCode = await runCommandLine(process.argv.slice(2))
