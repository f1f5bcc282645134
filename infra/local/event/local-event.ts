import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { describeProblem } from '../../../runbooks/playbook/checked-yaml.ts';
import { loadRunbook } from '../../../runbooks/playbook/load.ts';
import type { Runbook } from '../../../runbooks/playbook/schema.ts';
import { nearest } from '../../../runbooks/typed/nearest.ts';
import { sha256 } from '../../aws/sha256.ts';
import { readRunbookFile } from '../../runbook/read-runbook.ts';
import { projectRoot } from '../child.ts';
import { adaptRunbook } from './adapt.ts';
import { LOCAL_RULES } from './surroundings.ts';

/** One's own event as it is played here. */
export interface LocalEvent {
  runbook: Runbook;
  /** Of the runbook as it is played: what stands in the record. */
  hash: string;
  text: string;
}

/** The same, just read. `source`: the hash of what it was read from; `notes`: what is different here. */
export interface ReadEvent extends LocalEvent {
  file: string;
  source: string;
  notes: string[];
}

const LIBRARY = join(projectRoot, 'runbooks/library');

/** A file, or the name of one in the library. Throws every problem, each at its line, and what else there is. */
export async function readEvent(named: string, workers: number | null): Promise<ReadEvent> {
  const file = /[/.]/.test(named) ? resolve(named) : await inLibrary(named);
  const { hash: source, loaded } = await readRunbookFile(
    file,
    named.includes('.') ? named : basename(file),
    LOCAL_RULES,
  );
  if (!loaded.ok) throw new Error(`RUNBOOK_INVALID\n${loaded.problems.map(describeProblem).join('\n')}`);
  const { text, notes } = adaptRunbook(loaded, workers);
  return { ...played(text), file, source, notes };
}

async function inLibrary(name: string): Promise<string> {
  const names = (await readdir(LIBRARY)).flatMap((file) =>
    file.endsWith('.yaml') ? [file.replace(/\.yaml$/, '')] : [],
  );
  if (names.includes(name)) return join(LIBRARY, `${name}.yaml`);
  const near = nearest(name, names);
  throw new Error(
    `--runbook: found "${name}", expected a file like my-event.yaml or a runbook of the library: ${names.join(', ')}${near === null ? '' : `; did you mean ${near}?`}`,
  );
}

/** What `adaptRunbook` has made is right, or it has a fault. */
function played(text: string): LocalEvent {
  const loaded = loadRunbook(text, 'the runbook as it is played here');
  if (!loaded.ok) throw new Error(`RUNBOOK_INVALID\n${loaded.problems.map(describeProblem).join('\n')}`);
  return { runbook: loaded.runbook, hash: sha256(text), text };
}

const folderIn = (dataDir: string): string => join(dataDir, 'runbooks');

/** Where it stands in that folder: the runbook as it is played here, which `/go runbook` reads again. */
export const fileIn = (folder: string, { runbook }: LocalEvent): string => join(folder, `${runbook.id}.yaml`);

/** Keeps it in a data folder: `/go create` offers it, and a later start goes on with it. Gives the folder. */
export async function keepEvent(event: LocalEvent, dataDir: string): Promise<string> {
  const folder = folderIn(dataDir);
  await mkdir(folder, { recursive: true });
  await writeFile(fileIn(folder, event), event.text);
  return folder;
}

/** The one that is kept there. */
export async function keptEvent(dataDir: string): Promise<LocalEvent & { folder: string }> {
  const folder = folderIn(dataDir);
  const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.yaml'));
  return { ...played(await readFile(join(folder, name), 'utf8')), folder };
}
