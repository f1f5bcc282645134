import { z } from 'zod';

const shape = z.object({
  private_key_id: z.string().min(1).optional(),
  project_id: z.string().min(1),
  client_email: z.string().min(3),
  private_key: z.string().includes('PRIVATE KEY'),
});

export interface ServiceAccount {
  projectId: string;
  /** What Google calls the key; null: the file does not say. */
  keyId: string | null;
  clientEmail: string;
  privateKey: string;
}

/** The JSON of a Google service account. `bad`: the fields that are wrong or missing, never what they hold. */
export function parseServiceAccount(
  text: string,
): { ok: true; account: ServiceAccount } | { ok: false; bad: string[] } {
  const parsed = shape.safeParse(jsonOf(text));
  if (!parsed.success)
    return { ok: false, bad: parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole') };
  const {
    private_key_id: keyId = null,
    project_id: projectId,
    client_email: clientEmail,
    private_key: privateKey,
  } = parsed.data;
  return { ok: true, account: { projectId, keyId, clientEmail, privateKey } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
