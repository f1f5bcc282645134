import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

/** What Slack would grant the app: exactly what the manifest asks for, the one that real workspaces install. */
export interface Granted {
  scopes: readonly string[];
  events: readonly string[];
}

const MANIFEST = new URL('../../slack/manifest.yaml', import.meta.url);

const manifest = z.looseObject({
  oauth_config: z.looseObject({ scopes: z.looseObject({ bot: z.array(z.string()) }) }),
  settings: z.looseObject({ event_subscriptions: z.looseObject({ bot_events: z.array(z.string()) }) }),
});

export function grantedByManifest(): Granted {
  const { oauth_config: oauth, settings } = manifest.parse(parse(readFileSync(MANIFEST, 'utf8')));
  return { scopes: oauth.scopes.bot, events: settings.event_subscriptions.bot_events };
}
