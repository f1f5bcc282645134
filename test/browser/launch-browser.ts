import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

let unpacked: Promise<{ executablePath: string; env: Record<string, string> }> | null = null;

/**
 * Starts a real headless Chromium that comes from npm: no system browser, no download, no system fonts.
 * It is unpacked once per process, into a folder that goes with the process.
 */
export async function launchBrowser(): Promise<Browser> {
  unpacked ??= unpack();
  const { executablePath, env } = await unpacked;
  return await chromium.launch({
    executablePath,
    env,
    args: ['--no-sandbox', '--headless=shell', '--disable-gpu', '--disable-background-networking'],
  });
}

/**
 * `@sparticuz/chromium` reuses whatever lies at `$TMPDIR/chromium`, so it gets a folder of its own; it
 * unpacks the system libraries it needs only if it believes to run in AWS Lambda
 * (docs/facts.md#chromium-lambda). With the font configuration that it brings along, any page with an input element
 * ends the browser (Skia: "Not implemented", for want of a default font), hence ours.
 */
async function unpack(): Promise<{ executablePath: string; env: Record<string, string> }> {
  const folder = mkdtempSync(join(tmpdir(), 'gobutton-browser-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const before = { ...process.env };
  try {
    Object.assign(process.env, { TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x', FONTCONFIG_PATH: folder });
    const { default: packed } = await import('@sparticuz/chromium');
    writeFileSync(join(folder, 'fonts.conf'), fontsConf(folder));
    return { executablePath: await packed.executablePath(), env: definedOnly(process.env) };
  } finally {
    for (const name of ['TMPDIR', 'AWS_LAMBDA_JS_RUNTIME', 'FONTCONFIG_PATH', 'LD_LIBRARY_PATH']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

function fontsConf(folder: string): string {
  const dejavu = dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'));
  const alias = (family: string, font: string) =>
    `<alias><family>${family}</family><prefer><family>${font}</family></prefer></alias>`;
  return `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>${dejavu}</dir><cachedir>${folder}/cache</cachedir>
${alias('sans-serif', 'DejaVu Sans')}${alias('system-ui', 'DejaVu Sans')}${alias('serif', 'DejaVu Serif')}${alias('monospace', 'DejaVu Sans Mono')}</fontconfig>`;
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
