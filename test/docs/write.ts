import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scriptArguments } from '../../infra/command-line/command-line.ts';
import { publishedSchema } from '../../runbooks/playbook/published-schema.ts';
import { exportSchema } from '../../runbooks/record/export.ts';
import { errorBlocks, writeRows } from './errors-page.ts';
import { kindWords, recordBlocks, writeBlocks } from './record-page.ts';
import { runbookBlocks } from './runbook-page.ts';
import { playSample } from './sample-launch.ts';

/** `npm run docs`: brings what the pages take from the code up to date. The tests beside it compare. */

scriptArguments('npm run docs', {});

async function rewrite(name: string, change: (page: string) => string): Promise<void> {
  const path = join(import.meta.dirname, '../../docs', name);
  await writeFile(path, change(await readFile(path, 'utf8')));
}

const fromSample = recordBlocks(playSample());
for (const name of ['record.md', 'entries.md']) await rewrite(name, (page) => writeBlocks(page, fromSample));
await rewrite('errors.md', (page) => writeRows(writeBlocks(page, errorBlocks())));
await rewrite('runbook.md', (page) => writeBlocks(page, runbookBlocks()));
await writeFile(
  join(import.meta.dirname, '../../runbooks/runbook.schema.json'),
  `${JSON.stringify(publishedSchema(), null, 2)}\n`,
);
const kinds = await readFile(join(import.meta.dirname, '../../docs/entries.md'), 'utf8');
await writeFile(
  join(import.meta.dirname, '../../runbooks/record.schema.json'),
  `${JSON.stringify(exportSchema(kindWords(kinds)), null, 2)}\n`,
);
