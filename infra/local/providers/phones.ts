import type { Platform } from '../../../runbooks/launch/entries.ts';
import type { Content } from './content.ts';

/** One notification on a simulated phone (`face0` tokens). */
interface PhoneNotification {
  /** New for every push. */
  id: number;
  launchId: string;
  shotId: string;
  title: string;
  subtitle: string;
  body: string;
  image: string;
  badge: number | null;
  buttons: string[];
  /** Epoch ms of the latest push that is shown here. */
  atMs: number;
  sound: string | null;
  collapseId: string | null;
  /** Nothing is shown on screen: background or silent push. */
  background: boolean;
  zombie: unknown;
  /** Pushes with the same collapse id that this one replaced. */
  replaced: number;
}

export interface Phone {
  phone: string;
  platform: Platform;
  token: string;
  pushes: number;
  notifications: PhoneNotification[];
}
export interface PhoneEvent {
  phone: string;
  platform: Platform;
  token: string;
  notification: PhoneNotification;
}

const keptPerPhone = 20;
const mostPhones = 1000;

/** What the simulated phones show, newest notification first. */
export class Phones {
  readonly #phones = new Map<string, Phone>();
  readonly #listeners = new Set<(event: PhoneEvent) => void>();
  #pushes = 0;

  show(platform: Platform, token: string, content: Content, collapseId: string | null, nowMs: number): void {
    const name = `${platform}:${token}`;
    let phone = this.#phones.get(name);
    if (phone === undefined) {
      if (this.#phones.size >= mostPhones) return;
      phone = { phone: name, platform, token, pushes: 0, notifications: [] };
      this.#phones.set(name, phone);
    }
    phone.pushes += 1;
    this.#pushes += 1;
    const { collapseId: _inBody, pushType: _inHead, ...seen } = content;
    const replacedAt =
      collapseId === null ? -1 : phone.notifications.findIndex((shown) => shown.collapseId === collapseId);
    const before = replacedAt < 0 ? undefined : phone.notifications.splice(replacedAt, 1)[0];
    const notification: PhoneNotification = {
      id: this.#pushes,
      ...seen,
      atMs: nowMs,
      collapseId,
      replaced: before === undefined ? 0 : before.replaced + 1,
    };
    phone.notifications.unshift(notification);
    phone.notifications.length = Math.min(phone.notifications.length, keptPerPhone);
    for (const listener of this.#listeners) listener({ phone: name, platform, token, notification });
  }

  all(): Phone[] {
    return [...this.#phones.values()];
  }

  /** Hears every push to a phone until the returned function is called. */
  listen(listener: (event: PhoneEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  restore(phones: readonly Phone[]): void {
    for (const phone of phones) this.#phones.set(phone.phone, phone);
    this.#pushes = phones.reduce((sum, phone) => sum + phone.pushes, this.#pushes);
  }

  reset(): void {
    this.#phones.clear();
  }
}
