import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Documents by kind and key, kept in an append-only NDJSON file and compacted when it is opened.
 * Each change is one synchronous append: a killed process loses nothing that was answered. A torn last
 * line (power gone in mid-write) is dropped on load. With `dataDir` null everything is in memory only.
 */
export class DocumentStore {
  #documents = new Map<string, Map<string, unknown>>();
  #file: string | null;

  constructor(dataDir: string | null) {
    this.#file = dataDir === null ? null : join(dataDir, 'workspace.ndjson');
    if (dataDir === null || this.#file === null) return;
    mkdirSync(dataDir, { recursive: true });
    if (existsSync(this.#file)) this.#load(this.#file);
    this.#compact(this.#file);
  }

  put(kind: string, key: string, document: unknown): void {
    this.#set(kind, key, document);
    this.#append(kind, key, document);
  }

  delete(kind: string, key: string): void {
    this.#documents.get(kind)?.delete(key);
    this.#append(kind, key, null);
  }

  /** All documents of a kind, in the order in which they were first put. The caller names the type it put. */
  all<T>(kind: string): T[] {
    return [...(this.#documents.get(kind)?.values() ?? [])] as T[];
  }

  #set(kind: string, key: string, document: unknown): void {
    let ofKind = this.#documents.get(kind);
    if (ofKind === undefined) this.#documents.set(kind, (ofKind = new Map()));
    if (document === null) ofKind.delete(key);
    else ofKind.set(key, document);
  }

  #append(kind: string, key: string, document: unknown): void {
    if (this.#file !== null) appendFileSync(this.#file, `${JSON.stringify([kind, key, document])}\n`);
  }

  #load(file: string): void {
    const lines = readFileSync(file, 'utf8').split('\n');
    const last = lines.pop();
    for (const line of lines) {
      const [kind, key, document] = JSON.parse(line) as [string, string, unknown];
      this.#set(kind, key, document);
    }
    if (last !== undefined && last !== '') process.emitWarning(`dropped a torn line at the end of ${file}`);
  }

  #compact(file: string): void {
    let text = '';
    for (const [kind, ofKind] of this.#documents) {
      for (const [key, document] of ofKind) text += `${JSON.stringify([kind, key, document])}\n`;
    }
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  }
}
