import { z } from 'zod';
import { readOperatorKey } from '../operator-key.ts';
import { key } from './key.ts';
import { id } from './values.ts';

export const role = z.enum(['on-call', 'marketer', 'observer']);

const operatorKey = z.string().transform((text, context) => {
  const read = readOperatorKey(text);
  if (read.ok) return read.key;
  context.addIssue({ code: 'custom', message: `expected ${read.expected}` });
  return z.NEVER;
});

const device = z.strictObject({
  platform: key(z.enum(['ios', 'android']), { means: 'Which provider the token is of.', example: 'ios' }),
  token: key(z.string().min(8), { means: 'The device token, as the app reports it.', example: 'face0a0a0000' }),
  locale: key(z.string().default('en'), { means: 'The text that this phone gets.', example: 'pt-BR' }),
});

/** One human, whatever they act with. */
export const person = z.strictObject({
  id: key(id, { means: 'What steps, gates and the command line call this person.', example: 'ana' }),
  name: key(z.string().min(1).max(80), {
    means: 'As the room sees it. No two people may have names that look alike.',
    example: 'Ana Ortiz',
  }),
  roles: key(z.array(role).min(1), {
    means:
      'What this person may do: `on-call` also scales and drives steps, `marketer` also changes the texts, both ask for GO and press it, `observer` looks on.',
    example: ['on-call'],
  }),
  slack: key(
    z.array(z.string().regex(/^[UW][A-Z0-9]{2,20}$/, 'expected a Slack user id like U012ABCDEF')).default([]),
    { means: 'Slack accounts of this person, by user id.', example: ['U012ABCDEF'] },
  ),
  operator_keys: key(z.array(operatorKey).prefault([]), {
    means:
      'Ed25519 public keys for the command line, with which a person acts when Slack is gone: PEM, or base64 of the SPKI DER.',
    example: ['MCowBQYDK2VwAyEAJNS5b1jabUqFEjE7vQKijr8MqV3sbkyG73jOfwHniKw='],
  }),
  devices: key(z.array(device).default([]), {
    means: 'Phones that get test copies.',
    example: [{ platform: 'ios', token: 'face0a0a0000', locale: 'en' }],
  }),
});
