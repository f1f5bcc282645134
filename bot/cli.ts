import { join } from 'node:path';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 21)) {
  process.stderr.write(
    `gobutton needs Node 24.21 or newer; this is ${process.versions.node}. Start it with \`npm run go\`, which brings its own.\n`,
  );
  process.exit(1);
}
// `… | head` has read enough: what was asked for is done all the same, a halt above all.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
const { main } = await import('./cli/main.ts');
const { reachedFrom } = await import('../infra/running-start.ts');
const root = join(import.meta.dirname, '..');
process.exitCode = await main(process.argv.slice(2), process.env, process.stdout, process.stderr, (env) =>
  reachedFrom(env, root),
);
