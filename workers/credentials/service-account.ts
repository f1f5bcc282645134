import { readFile } from 'node:fs/promises';
import { z } from 'zod';

const shape = z.object({ project_id: z.string().min(1), client_email: z.string().min(3), private_key: z.string().includes('PRIVATE KEY') });

export interface ServiceAccount { projectId: string; clientEmail: string; privateKey: string }

/** Reads a Google service account file. Throws `SERVICE_ACCOUNT_INVALID` with what is missing, never with what the file holds. */
export async function readServiceAccount(file: string): Promise<ServiceAccount> {
  const text = await readFile(file, 'utf8');
  const parsed = shape.safeParse(jsonOf(text));
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole file').join(', ');
    throw new Error(`SERVICE_ACCOUNT_INVALID: ${file}: expected the JSON of a service account, bad or missing: ${fields}`);
  }
  const { project_id: projectId, client_email: clientEmail, private_key: privateKey } = parsed.data;
  return { projectId, clientEmail, privateKey };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
