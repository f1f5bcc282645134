import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Keyring } from '../../infra/aws/keyring.ts';

/** A link lasts a launch's day; whoever wants to go on asks for another. */
const LASTS_MS = 12 * 3_600_000;

export interface LinkTo {
  launchId: string;
  /** Whom it was given to, by their Slack id: it ends when they leave the roster. */
  slackId: string;
  untilMs: number;
}

export interface LiveLinks {
  /** Null: GOBUTTON_PUBLIC_URL says nowhere, or this process has no key. */
  give(launchId: string, slackId: string): { url: string; untilMs: number } | null;
  /** What a path was given for; `ended`: it was, and its time is over. Null: nobody here gave it. */
  read(path: string): (LinkTo & { ended: boolean; asksNews: boolean }) | null;
}

const PATH = /^\/timeline\/([A-Za-z0-9._-]{1,100})\/([a-z0-9]{1,10})\/([A-Z0-9]{1,24})\/([A-Za-z0-9_-]{43})(\/news)?$/;

/**
 * Links to the timeline of one launch, for one person, for a while. Their secret comes of the bot's own key, so every instance with that key
 * reads them, and a bot with another key reads none of them. Ed25519 signs the same text to the same signature (RFC 8032), and this one is
 * shown to nobody.
 */
export function createLiveLinks(options: {
  signer: Keyring['signer'];
  publicUrl: string | null;
  nowMs: () => number;
}): LiveLinks {
  const { signer, publicUrl, nowMs } = options;
  const secret = signer === null ? null : signer.sign('gobutton live link secret v1');
  const macOf = ({ launchId, slackId, untilMs }: LinkTo): string =>
    createHmac('sha256', secret ?? '')
      .update(`${launchId}\n${slackId}\n${untilMs}`)
      .digest('base64url');
  return {
    give(launchId, slackId) {
      if (secret === null || publicUrl === null) return null;
      const untilMs = Math.floor((nowMs() + LASTS_MS) / 1_000) * 1_000;
      const mac = macOf({ launchId, slackId, untilMs });
      const path = `timeline/${launchId}/${(untilMs / 1_000).toString(36)}/${slackId}/${mac}`;
      return { url: `${publicUrl.replace(/\/$/, '')}/${path}`, untilMs };
    },
    read(path) {
      const [, launchId, until, slackId, mac, news] = PATH.exec(path) ?? [];
      if (secret === null || !launchId || !until || !slackId || !mac) return null;
      const to = { launchId, slackId, untilMs: Number.parseInt(until, 36) * 1_000 };
      if (!timingSafeEqual(Buffer.from(macOf(to)), Buffer.from(mac))) return null;
      return { ...to, ended: nowMs() > to.untilMs, asksNews: news !== undefined };
    },
  };
}
