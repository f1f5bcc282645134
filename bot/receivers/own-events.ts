import type { Identity } from '../slack/slack-identity.ts';

/**
 * Whether an event is the echo of what the bot did itself: its posts, edits and deletions all come back to it, a hundred
 * and more in a launch (docs/facts.md#slack-own-events). Told by what the envelope says of its receiver, so that it
 * works before anything is known of us; by our own ids as well once they are. What other bots write is not ours.
 */
export function isOwnEvent(body: unknown, known: Identity): boolean {
  if (!isRecord(body) || body['type'] !== 'event_callback' || !isRecord(body['event'])) return false;
  const { event } = body;
  if (event['type'] !== 'message' && event['type'] !== 'app_mention') return false;
  const isEdit = event['subtype'] === 'message_changed';
  // A tombstone is Slack's; what it stands for may be ours.
  const isGone =
    event['subtype'] === 'message_deleted' ||
    (isEdit && isRecord(event['message']) && event['message']['subtype'] === 'tombstone');
  const written = isGone ? event['previous_message'] : isEdit ? event['message'] : event;
  if (!isRecord(written)) return false;
  const profile = isRecord(written['bot_profile']) ? written['bot_profile'] : {};
  const receiver = text(body['api_app_id']);
  if (receiver !== null && (written['app_id'] === receiver || profile['app_id'] === receiver)) return true;
  return (
    (known.botId !== null && written['bot_id'] === known.botId) ||
    (known.botUserId !== null && written['user'] === known.botUserId)
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
