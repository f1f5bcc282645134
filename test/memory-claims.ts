import type { Account, Claim, Holder } from '../infra/aws/claim-item.ts';
import type { ClaimStore } from '../infra/aws/claim-store.ts';

/** The claim store in memory, for searches and tests that need thousands of them. It keeps the same contract as the real one: infra/aws/claim-store.test.ts runs on both. */
export class MemoryClaims implements ClaimStore {
  readonly items = new Map<string, Claim>();

  claim(key: string, holder: Holder): ReturnType<ClaimStore['claim']> {
    const standing = this.items.get(key);
    if (standing === undefined) {
      const claim: Claim = { key, ...lease(holder), state: 'claimed', account: null, closedAccount: null, parts: [] };
      this.items.set(key, claim);
      return Promise.resolve({ won: true, claim: structuredClone(claim) });
    }
    const isOurs = standing.token === holder.token && standing.state === 'claimed';
    return Promise.resolve(
      isOurs ? { won: true, claim: structuredClone(standing) } : { won: false, holder: structuredClone(standing) },
    );
  }

  takeOver(key: string, seen: Claim, word: Account | null, holder: Holder): ReturnType<ClaimStore['takeOver']> {
    const standing = this.#must(key);
    if (standing.token === holder.token && standing.state === 'claimed')
      return Promise.resolve({ won: true, claim: structuredClone(standing) });
    if (!stands(standing, seen)) return Promise.resolve({ won: false, claim: structuredClone(standing) });
    if (word !== null)
      standing.parts.push({
        bootId: standing.bootId,
        token: standing.token,
        account: null,
        closedAccount: structuredClone(word),
      });
    Object.assign(standing, lease(holder), { state: 'claimed' });
    return Promise.resolve({ won: true, claim: structuredClone(standing) });
  }

  renew(key: string, token: string, { sendUntilMs, mark }: { sendUntilMs: number; mark: number }): Promise<boolean> {
    const standing = this.#must(key);
    if (
      standing.token !== token ||
      standing.state !== 'claimed' ||
      sendUntilMs < standing.sendUntilMs ||
      mark < standing.mark
    )
      return Promise.resolve(false);
    Object.assign(standing, { sendUntilMs, mark });
    return Promise.resolve(true);
  }

  handOn(key: string, token: string, account: Account): Promise<boolean> {
    const standing = this.#must(key);
    if (
      standing.parts.some((part) => part.token === token && part.closedAccount === null && same(part.account, account))
    )
      return Promise.resolve(true);
    if (standing.token !== token || standing.state !== 'claimed') return Promise.resolve(false);
    standing.parts.push({ bootId: '', token, account: structuredClone(account), closedAccount: null });
    Object.assign(standing, { state: 'open', token: '', bootId: '' });
    return Promise.resolve(true);
  }

  account(key: string, token: string, account: Account): ReturnType<ClaimStore['account']> {
    const standing = this.#must(key);
    if (standing.token === token) {
      const done = {
        ok: true as const,
        wasClosed: structuredClone(standing.closedAccount ?? null),
        holder: standing.parts.length + 1,
      };
      if (standing.state === 'accounted')
        return Promise.resolve(same(standing.account, account) ? done : { ok: false });
      Object.assign(standing, { state: 'accounted', account: structuredClone(account) });
      return Promise.resolve(done);
    }
    const at = standing.parts.findIndex((part) => part.token === token);
    const part = standing.parts[at];
    if (part === undefined || (part.account !== null && !same(part.account, account)))
      return Promise.resolve({ ok: false });
    part.account = structuredClone(account);
    return Promise.resolve({ ok: true, wasClosed: structuredClone(part.closedAccount), holder: at + 1 });
  }

  close(key: string, account: Account, seen: Claim | null): ReturnType<ClaimStore['close']> {
    const standing = this.items.get(key);
    if (standing === undefined) {
      if (seen !== null) return Promise.reject(new Error(`CLAIMS_INCONSISTENT: ${key} is not there`));
      const word = structuredClone(account);
      this.items.set(key, {
        key,
        bootId: '',
        token: '',
        claimedAtMs: 0,
        sendUntilMs: 0,
        mark: Number.POSITIVE_INFINITY,
        state: 'closed',
        account: word,
        closedAccount: word,
        parts: [],
      });
      return Promise.resolve({ won: true });
    }
    if (seen === null || !stands(standing, seen))
      return Promise.resolve({ won: false, claim: structuredClone(standing) });
    Object.assign(standing, {
      state: 'closed',
      account: structuredClone(account),
      closedAccount: structuredClone(account),
    });
    return Promise.resolve({ won: true });
  }

  read(keys: readonly string[]): Promise<Map<string, Claim>> {
    return Promise.resolve(
      new Map(
        keys.flatMap((key): [string, Claim][] => {
          const claim = this.items.get(key);
          return claim === undefined ? [] : [[key, structuredClone(claim)]];
        }),
      ),
    );
  }

  #must(key: string): Claim {
    const claim = this.items.get(key);
    if (claim === undefined) throw new Error(`CLAIMS_INCONSISTENT: ${key} is not there`);
    return claim;
  }
}

function lease({ bootId, token, claimedAtMs, sendUntilMs, mark = Number.POSITIVE_INFINITY }: Holder) {
  return { bootId, token, claimedAtMs, sendUntilMs, mark };
}

function stands(standing: Claim, seen: Claim): boolean {
  return (
    standing.state === seen.state &&
    standing.token === seen.token &&
    standing.sendUntilMs === seen.sendUntilMs &&
    standing.mark === seen.mark &&
    standing.parts.length === seen.parts.length
  );
}

function same(a: Account | null, b: Account): boolean {
  return (
    a !== null &&
    Buffer.compare(a.states, b.states) === 0 &&
    JSON.stringify(a.reasons) === JSON.stringify(b.reasons) &&
    String(a.goneAt) === String(b.goneAt)
  );
}
