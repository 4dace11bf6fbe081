// Exits with 0 when node_modules holds what package-lock.json names, else with 1. For scripts/setup.sh.
import { readFileSync } from 'node:fs'

interface Entry {
  readonly version?: string
  readonly optional?: boolean
}

const packagesOf = (file: string): Record<string, Entry> => JSON.parse(readFileSync(file, 'utf8')).packages

function complete(): boolean {
  try {
    const installed = packagesOf('node_modules/.package-lock.json')
    return Object.entries(packagesOf('package-lock.json')).every(
      // Optional ones are for other platforms, but for those that are installed.
      ([path, { version, optional }]) =>
        path === '' || (optional === true && !(path in installed)) || installed[path]?.version === version,
    )
  } catch {
    return false
  }
}

process.exitCode = complete() ? 0 : 1
