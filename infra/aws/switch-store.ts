import type { SwitchValue } from '../../runbooks/launch/entries.ts';

/** The item that workers poll. Table `<prefix>-switches`, key `launchId`. */
export interface SwitchItem {
  launchId: string;
  halted: boolean;
  /** Goes up by one with every halt; a shot approved under a lower epoch is over for good. */
  haltEpoch: number;
  /** Sequence of the entry that last set anything but the halt; older effects never overwrite newer. */
  seq: number;
  /** Messages per second for the pool by platform; 0: as the runbook says. */
  pace: { ios: number; android: number };
  zombie: boolean;
  custom: Record<string, SwitchValue>;
}

export interface SwitchStore {
  /** Null: not there yet (the same as no halt at epoch 0). Eventually consistent unless asked. */
  read(launchId: string, options?: { consistent?: boolean; signal?: AbortSignal }): Promise<SwitchItem | null>;
  /** Halt now: halted = true, haltEpoch + 1, unconditionally. Returns the item after it. */
  halt(launchId: string): Promise<SwitchItem>;
  /** Sets halted = false only while haltEpoch = epoch. False: a newer halt stands. */
  lift(launchId: string, epoch: number): Promise<boolean>;
  /** Writes the other switches as of entry `seq`; false: a newer entry has been written already. */
  apply(launchId: string, seq: number, values: Pick<SwitchItem, 'pace' | 'zombie' | 'custom'>): Promise<boolean>;
}
