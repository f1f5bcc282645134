import { existsSync, readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HttpError, sendText } from '../http.ts';

const PAGE_DIR = fileURLToPath(new URL('../page/', import.meta.url));
const require = createRequire(import.meta.url);

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
};

/**
 * The page runs nothing but its own files and cannot be framed: a page around it could make a person
 * press GO without seeing it. Styles may be inline because rendered blocks carry some.
 */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
};

/** Serves `/`, the files of `page/`, and fonts from npm under `/fonts/<name>/…`. */
export function servePage(response: ServerResponse, pathname: string): void {
  if (pathname === '/page/slack-blocks.css')
    return sendText(response, 200, 'text/css; charset=utf-8', blockStyles(), PAGE_HEADERS);
  const font = /^\/fonts\/([a-z0-9-]+)\/((?:files\/)?[a-z0-9.-]+)$/.exec(pathname);
  // The link of a message is the page, which shows it.
  const isLink = /^\/archives\/\w+\/p\d{16}$/.test(pathname);
  const own = /^\/(?:page\/([a-z0-9-]+\.[a-z]+))?$/.exec(isLink ? '/' : pathname);
  const ownFile = own === null ? null : join(PAGE_DIR, own[1] ?? 'index.html');
  const file = font === null ? ownFile : fontFile(font[1] ?? '', font[2] ?? '');
  const type = file === null ? undefined : TYPES[extname(file)];
  if (file === null || type === undefined || !existsSync(file)) throw new HttpError(404, 'no_such_page');
  sendText(response, 200, type, readFileSync(file), {
    ...PAGE_HEADERS,
    ...(font !== null && { 'cache-control': 'public, max-age=86400' }),
  });
}

/** The library's styles hang on an element id that each message would repeat; they hang on its class here. */
function blockStyles(): string {
  return readFileSync(require.resolve('slack-blocks-to-jsx/dist/style.css'), 'utf8').replaceAll(
    '#slack_blocks_to_jsx',
    '.slack_blocks_to_jsx',
  );
}

/** Only fonts that the page names are served, whatever else is installed. */
const FONTS = new Map([
  ['lato', '@fontsource/lato'],
  ['noto-sans-arabic', '@fontsource/noto-sans-arabic'],
  ['noto-sans-jp', '@fontsource/noto-sans-jp'],
  // COLR version 0: drawn by every browser, also by a headless one that draws version 1 blank.
  ['twemoji', 'twemoji-colr-font'],
]);

function fontFile(name: string, path: string): string | null {
  const installed = FONTS.get(name);
  return installed === undefined ? null : join(dirname(require.resolve(`${installed}/package.json`)), path);
}
