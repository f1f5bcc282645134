import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const SCRIPT = `
  import { pino } from 'pino';
  import { logDestination } from '${new URL('./log-destination.ts', import.meta.url).href}';
  const log = pino(logDestination());
  process.on('uncaughtException', (error) => { log.fatal(error); process.exit(1); });
  process.on('message', () => {
    for (let line = 0; line < 3; line += 1) { log.fatal('nobody hears'); process.stdout.write('metrics\\n'); }
    setTimeout(() => process.exit(7), 100);
  });
  log.info('unread');
  process.send('ready');
`;

test('a process whose log is closed with lines unread goes on', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    cwd: process.cwd(),
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  try {
    await once(child, 'message');
    child.stdout?.destroy();
    child.send('go on');
    const [code] = (await once(child, 'exit', { signal: AbortSignal.timeout(5_000) })) as [number | null];
    expect(code).toBe(7);
  } finally {
    child.kill('SIGKILL');
  }
});
