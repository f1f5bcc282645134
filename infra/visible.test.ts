import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Clears the screen, turns the text around, sets a title, in the one-byte form too. */
const HOSTILE = '\u001b[2J\u202e\u009d0;gone\u0007';
const ROOT = join(import.meta.dirname, '..');

const COMMANDS: [string, string[], Record<string, string>][] = [
  ['npm run size', ['workers/lanes/size-cli.ts', '--devices', HOSTILE], {}],
  ['npm run size, of an option', ['workers/lanes/size-cli.ts', `--${HOSTILE}`], {}],
  ['npm run keys', ['infra/aws/make-keys.ts', `--${HOSTILE}`], {}],
  ['npm start', ['infra/local/start.ts', '--devices', HOSTILE], {}],
  ['npm run rehearse', ['infra/local/rehearse.ts', '--devices', HOSTILE], {}],
  ['npm run bot', ['bot/main.ts'], { AWS_REGION: HOSTILE }],
  ['npm run worker', ['workers/main.ts'], { AWS_REGION: HOSTILE }],
  ['npm run go', ['bot/cli.ts', HOSTILE], {}],
  ['npm run audience', ['workers/audience/cli.ts', HOSTILE], {}],
];

test.each(COMMANDS)('%s says what it was given without letting it act on the terminal', (_, args, env) => {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env },
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(status).not.toBe(0);
  expect(stderr).toContain('[2J');
  expect((stdout + stderr).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});
