import type { Channel, User } from './model.ts';

export const TEAM = { id: 'T0GOBUTTON', name: 'Goldfinch', domain: 'goldfinch-local' } as const;
export const APP = { id: 'A0GOBUTTON', botId: 'B0GOBUTTON', botUserId: 'U0GOBUTTON', name: 'gobutton' } as const;
const WAR_ROOM = 'C0WARROOM';
export const COMMANDS = ['/go'];

const SEEDED_AT_S = 1_767_225_600;

function person(id: string, name: string, realName: string, title: string): User {
  return {
    id,
    team_id: TEAM.id,
    name,
    real_name: realName,
    deleted: false,
    is_bot: false,
    is_admin: false,
    is_restricted: false,
    is_ultra_restricted: false,
    tz: 'America/New_York',
    updated: SEEDED_AT_S,
    profile: { real_name: realName, display_name: realName, title, email: `${name}@example.com` },
  };
}

/** The people of the sample launch; the title says the role that the sample runbook gives them. */
export const USERS: User[] = [
  person('U0ONCALL', 'ana', 'Ana Ortiz', 'On-call engineer'),
  person('U0MARKET1', 'mia', 'Mia Chen', 'Marketing lead'),
  person('U0MARKET2', 'ben', 'Ben Okafor', 'Marketing'),
  person('U0OBSERVER', 'olu', 'Olu Adeyemi', 'Observer'),
  {
    ...person(APP.botUserId, APP.name, APP.name, 'App'),
    is_bot: true,
    profile: { real_name: APP.name, display_name: APP.name, title: 'App', bot_id: APP.botId },
  },
];

function channel(id: string, name: string, topic: string, members: string[], isGeneral = false): Channel {
  return {
    id,
    name,
    is_channel: true,
    is_private: false,
    is_archived: false,
    is_general: isGeneral,
    is_ext_shared: false,
    created: SEEDED_AT_S,
    creator: 'U0ONCALL',
    topic: { value: topic, creator: 'U0ONCALL', last_set: SEEDED_AT_S },
    purpose: { value: '', creator: '', last_set: 0 },
    members,
  };
}

export const CHANNELS: Channel[] = [
  channel(
    WAR_ROOM,
    'superbowl-war-room',
    'One push, one moment. Type /go help',
    USERS.map((user) => user.id),
  ),
  channel(
    'C0GENERAL',
    'general',
    'Company-wide',
    USERS.filter((user) => !user.is_bot).map((user) => user.id),
    true,
  ),
];
