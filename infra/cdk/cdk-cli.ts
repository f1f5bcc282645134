import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

/**
 * The CDK's own command line, over an assembly that was synthesised here: it asks AWS for nothing that a template needs, and
 * needs no `cdk.json`. Ends with its exit code; what it says goes straight to the terminal.
 */
export function runCdk(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const binary = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [binary, ...args], { stdio: 'inherit', env: { ...env, ...QUIET } });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** It would ask for news of itself, and send what it was used for. */
const QUIET = { CDK_DISABLE_CLI_TELEMETRY: 'true', CDK_DISABLE_VERSION_CHECK: 'true' };
