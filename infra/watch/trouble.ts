import { channel } from 'node:diagnostics_channel';

/** Where the adapters tell of what alarms count. Where nobody listens it costs nothing and changes nothing. */
export type Trouble = 'Throttled' | 'ClaimsFailed' | 'RecordFailed';

const troubles = channel('gobutton:trouble');

export function tellTrouble(trouble: Trouble): void {
  troubles.publish(trouble);
}

/** Returns what ends it. */
export function onTrouble(hear: (trouble: Trouble) => void): () => void {
  const heard = (message: unknown) => hear(message as Trouble);
  troubles.subscribe(heard);
  return () => {
    troubles.unsubscribe(heard);
  };
}
