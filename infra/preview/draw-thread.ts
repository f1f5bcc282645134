import { parentPort, workerData } from 'node:worker_threads';
import type { Campaign } from '../../runbooks/playbook/schema.ts';
import { drawPreview } from './draw.ts';
import type { FontFiles } from './fonts.ts';

/** The thread of previews.ts: draws what it is given, says each picture as it is done, and ends. */
const { campaign, locales } = workerData as { campaign: Campaign; locales: string[] };
const files: FontFiles = new Map();
for (const locale of locales) parentPort?.postMessage(await drawPreview(campaign, locale, files));
