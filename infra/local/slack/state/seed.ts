import type { Channel, User } from './model.ts';

export const TEAM = { id: 'T0GOBUTTON', name: 'Goldfinch', domain: 'goldfinch-local' } as const;
export const APP = { id: 'A0GOBUTTON', botId: 'B0GOBUTTON', botUserId: 'U0GOBUTTON', name: 'gobutton' } as const;
export const WAR_ROOM = 'C0WARROOM';
export const COMMANDS = ['/go'];

const SEEDED_AT_S = 1_767_225_600;

/** Somebody who is there from the beginning. `title`: what stands under the name. */
export interface Member {
  id: string;
  /** As in @name; each once. */
  handle: string;
  realName: string;
  title: string;
  /** Of the IANA database. Absent: New York's. */
  tz?: string;
}

/** Who is there when a workspace begins, and in which channels. */
export interface Seed {
  users: readonly User[];
  channels: readonly Channel[];
}

function userOf({ id, handle, realName, title, tz = 'America/New_York' }: Member): User {
  return {
    id,
    team_id: TEAM.id,
    name: handle,
    real_name: realName,
    deleted: false,
    is_bot: false,
    is_admin: false,
    is_restricted: false,
    is_ultra_restricted: false,
    tz,
    updated: SEEDED_AT_S,
    profile: { real_name: realName, display_name: realName, title, email: `${handle}@example.com` },
  };
}

const BOT: User = {
  ...userOf({ id: APP.botUserId, handle: APP.name, realName: APP.name, title: 'App' }),
  is_bot: true,
  profile: { real_name: APP.name, display_name: APP.name, title: 'App', bot_id: APP.botId },
};

function channel(id: string, name: string, topic: string, members: readonly User[], isGeneral = false): Channel {
  return {
    id,
    name,
    is_channel: true,
    is_private: false,
    is_archived: false,
    is_general: isGeneral,
    is_ext_shared: false,
    created: SEEDED_AT_S,
    creator: members[0]?.id ?? APP.botUserId,
    topic: { value: topic, creator: members[0]?.id ?? APP.botUserId, last_set: SEEDED_AT_S },
    purpose: { value: '', creator: '', last_set: 0 },
    members: members.map((user) => user.id),
  };
}

/** A workspace of these people, all of them in the war room, which the bot is in already. `room`: its name, without #. */
export function seedOf(members: readonly Member[], room: string): Seed {
  const users = members.map(userOf);
  return {
    users: [...users, BOT],
    channels: [
      channel(WAR_ROOM, room, 'One push, one moment. Type /go help', [...users, BOT]),
      channel('C0GENERAL', 'general', 'Company-wide', users, true),
    ],
  };
}

/** The people of the sample launch; the title says the role that the sample runbook gives them. */
export const SAMPLE_SEED = seedOf(
  [
    { id: 'U0ONCALL', handle: 'ana', realName: 'Ana Ortiz', title: 'On-call engineer' },
    { id: 'U0MARKET1', handle: 'mia', realName: 'Mia Chen', title: 'Marketing lead' },
    { id: 'U0MARKET2', handle: 'ben', realName: 'Ben Okafor', title: 'Marketing' },
    { id: 'U0OBSERVER', handle: 'olu', realName: 'Olu Adeyemi', title: 'Observer' },
  ],
  'superbowl-war-room',
);
