import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { NewEntry, PersonId, Platform } from '../../runbooks/launch/entries.ts';
import type { Person } from '../../runbooks/playbook/schema.ts';
import type { Objects } from './objects.ts';
import { sha256 } from './sha256.ts';

/**
 * The device tokens of a launch's people, apart from its record: a record is never changed, and a token must be deletable.
 * The record holds a reference in the token's place, `sha256(salt, platform, token)`; the object under that name holds
 * token and salt. So the record says which device is meant, nobody can put another one in its place, and once the object
 * is deleted nothing can be learned from the reference, not even by trying tokens.
 */
export interface StaffDevices {
  /** Puts the tokens away and gives the people with references. Those who have references already keep them. */
  stow(launchId: string, people: readonly Person[]): Promise<Person[]>;
  /** In the people's order. `token` null: it was deleted, or is not the one that was meant. */
  of(launch: { id: string; people: readonly Person[] }): Promise<StaffDevice[]>;
  /** How many lie there. */
  count(launchId: string): Promise<number>;
  /** Deletes all tokens of a launch, for good. How many there were. */
  forget(launchId: string): Promise<number>;
}

export interface StaffDevice {
  person: PersonId;
  platform: Platform;
  locale: string;
  token: string | null;
}

/** What stands in a test copy's result, and in what a worker says. */
export const TOKEN_DELETED =
  'the device token was deleted from this launch: a new launch takes it from the runbook again';

const stored = z.strictObject({
  v: z.literal(1),
  salt: z.string(),
  platform: z.enum(['ios', 'android']),
  token: z.string(),
});

const folderOf = (launchId: string): string => `launches/${launchId}/staff-devices/`;
const referenceOf = (salt: string, platform: Platform, token: string): string =>
  sha256(`${salt}\n${platform}\n${token}`);

export function createStaffDevices(objects: Objects): StaffDevices {
  /** By launch: what was read and still lies there. */
  const known = new Map<string, Map<string, string>>();

  /** One list a look, so that what was deleted is gone for us too; an object is read once, since its name is its hash. */
  async function tokensOf(launchId: string, wanted: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    const folder = folderOf(launchId);
    const there = (await objects.list(folder))
      .map(({ key }) => key.slice(folder.length))
      .filter((ref) => wanted.has(ref));
    const before = known.get(launchId);
    const found = await Promise.all(
      there.map(async (ref): Promise<[string, string | null]> => [
        ref,
        before?.get(ref) ?? (await read(`${folder}${ref}`, ref)),
      ]),
    );
    const tokens = new Map(found.filter((one): one is [string, string] => one[1] !== null));
    known.set(launchId, tokens);
    return tokens;
  }

  async function read(key: string, ref: string): Promise<string | null> {
    const bytes = await objects.get(key);
    const parsed = bytes === null ? null : (stored.safeParse(jsonOf(bytes)).data ?? null);
    return parsed !== null && referenceOf(parsed.salt, parsed.platform, parsed.token) === ref ? parsed.token : null;
  }

  return {
    stow: (launchId, people) =>
      Promise.all(
        people.map(async (person) => ({
          ...person,
          devices: await Promise.all(
            person.devices.map(async (device) => {
              if ('ref' in device) return device;
              const { platform, locale, token } = device;
              const salt = randomBytes(32).toString('hex');
              const ref = referenceOf(salt, platform, token);
              await objects.put(
                `${folderOf(launchId)}${ref}`,
                Buffer.from(JSON.stringify({ v: 1, salt, platform, token })),
                'application/json',
              );
              return { platform, locale, ref };
            }),
          ),
        })),
      ),

    async of({ id, people }) {
      const wanted = new Set(
        people.flatMap(({ devices }) => devices.flatMap((device) => ('ref' in device ? [device.ref] : []))),
      );
      const tokens = wanted.size === 0 ? new Map<string, string>() : await tokensOf(id, wanted);
      return people.flatMap(({ id: person, devices }) =>
        devices.map((device) => ({
          person,
          platform: device.platform,
          locale: device.locale,
          token: 'ref' in device ? (tokens.get(device.ref) ?? null) : device.token,
        })),
      );
    },

    count: async (launchId) => (await objects.list(folderOf(launchId))).length,

    async forget(launchId) {
      known.delete(launchId);
      const there = await objects.list(folderOf(launchId));
      await Promise.all(there.map(({ key }) => objects.remove(key)));
      return there.length;
    },
  };
}

/** Tokens that stand in the people themselves: of a runbook, or of a record from before references. */
export function tokensIn(people: readonly Person[]): string[] {
  return people.flatMap(({ devices }) => devices.flatMap((device) => ('token' in device ? [device.token] : [])));
}

export function withPeople<E extends NewEntry>(entry: E, people: Person[]): E {
  if (entry.kind === 'LaunchCreated') return { ...entry, runbook: { ...entry.runbook, people } };
  return entry.kind === 'RosterChangeRequested' ? { ...entry, people } : entry;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return null;
  }
}
