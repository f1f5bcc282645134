import type { WebClient } from '@slack/web-api';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { postDocument } from './post-document.ts';

test('what is uploaded is the document alone, also where it is a part of a larger memory', async () => {
  const memory = new TextEncoder().encode('before# Record<p>after');
  const uploaded: string[] = [];
  const client = {
    files: {
      uploadV2: async ({ file_uploads: files }: { file_uploads: { file: Buffer }[] }) => {
        uploaded.push(...files.map(({ file }) => file.toString()));
        return { ok: true };
      },
    },
  } as unknown as WebClient;
  const posted = await postDocument(client, pino({ level: 'silent' }), {
    channelId: 'C0WARROOM',
    launchId: 'day',
    filename: 'timeline',
    title: 'Timeline',
    command: 'npm run record',
    markdown: memory.subarray(6, 14),
    page: memory.subarray(14, 17),
    comment: '',
  });
  expect([posted, uploaded]).toEqual([{ how: 'files' }, ['# Record', '<p>']]);
});
