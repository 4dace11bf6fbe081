import { startLambdaService } from '../../support/lambda-service.ts'

// A server to be killed: says which process its function runs in, where its run directory is, and then stays.
const lambda = await startLambdaService()
await lambda.create('f', {
  'app.py':
    'import os, subprocess\ndef handler(e, c):\n    subprocess.Popen(["sleep", "300"], start_new_session=True)\n    return [os.getpid(), os.getuid()]',
})
const [pid, uid] = (await lambda.invoke('f')).answer as [number, number]
process.stdout.write(`${JSON.stringify({ pid, uid, runDirectory: lambda.runDirectory })}\n`)
setInterval(() => {}, 1000)
