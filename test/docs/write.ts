import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordBlocks, writeBlocks } from './record-page.ts';
import { playSample } from './sample-launch.ts';

/** `npm run docs`: brings what the pages take from the code up to date. The tests beside it compare. */

const page = join(import.meta.dirname, '../../docs/record.md');
await writeFile(page, writeBlocks(await readFile(page, 'utf8'), recordBlocks(playSample())));
