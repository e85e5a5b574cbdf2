// The questions of one session that wait, and for a moment those that are over: who answered is told before they go.
import { useCallback, useEffect, useRef, useState } from "react";
import * as api from "./api";
import { decide, one, pending, story, type Approval, type Decision } from "./approvals";

/** How long it is told how a question ended: what was done here is known already. */
const TOLD_OWN_MS = 1_200;
const TOLD_MS = 6_000;
/** Before a look that failed is tried again: a server that is replaced is back soon. */
const RETRY_MS = 2_000;

/** How a question ended. */
export interface Over {
  words: string;
  /** Whether an answer from here came too late. */
  late: boolean;
}

export interface Card {
  approval: Approval;
  over: Over | undefined;
}

interface Asked {
  cards: Card[];
  trouble: string | undefined;
  /** Answers; whether that is taken. */
  answer: (id: number, decision: Decision) => Promise<boolean>;
}

/** `news` is another value whenever something may have changed. */
export function useAsked(session: string, news: string, leave: (why?: string) => void): Asked {
  const [cards, setCards] = useState<Card[]>([]);
  const [trouble, setTrouble] = useState<string>();
  const known = useRef(new Map<number, Card>());
  const gone = useRef(false);
  const looks = useRef(0);
  const show = useCallback(() => gone.current || setCards([...known.current.values()]), []);

  const end = useCallback((id: number, over: Over, for_ms: number) => {
    const card = known.current.get(id);
    if (card === undefined || card.over !== undefined) return;
    known.current.set(id, { ...card, over });
    show();
    setTimeout(() => {
      known.current.delete(id);
      show();
    }, for_ms);
  }, []);

  const tell = useCallback(
    async (id: number, late: boolean) => {
      const words = await one(session, id).then(
        ({ settled }) => settled && story(settled),
        (failure: unknown) => api.reason(failure),
      );
      if (words !== undefined) end(id, { words, late }, TOLD_MS);
    },
    [session],
  );

  const look = useCallback(async () => {
    const number = ++looks.current;
    try {
      const now = await pending(session);
      if (number !== looks.current) return;
      const waits = new Set(now.map(({ id }) => id));
      for (const approval of now) if (!known.current.has(approval.id)) known.current.set(approval.id, { approval, over: undefined });
      for (const [id, { over }] of known.current) if (over === undefined && !waits.has(id)) void tell(id, false);
      setTrouble(undefined);
      show();
    } catch (failure) {
      if (gone.current || number !== looks.current) return;
      // A session that has ended asks nothing.
      if (failure instanceof api.ApiError && (failure.status === 409 || failure.status === 410)) known.current.clear(), show();
      else {
        api.failing(leave, setTrouble)(failure);
        setTimeout(() => gone.current || number !== looks.current || void look(), RETRY_MS);
      }
    }
  }, [session]);

  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);
  useEffect(() => {
    if (news !== "" || known.current.size > 0) void look();
  }, [news, look]);

  const answer = useCallback(
    async (id: number, decision: Decision) => {
      try {
        const settled = await decide(session, id, decision);
        end(id, { words: story({ ...settled, by: "" }).replace(/ by $/, ""), late: false }, TOLD_OWN_MS);
        setTrouble(undefined);
        return true;
      } catch (failure) {
        if (failure instanceof api.ApiError && failure.code === "SETTLED") await tell(id, true);
        else api.failing(leave, setTrouble)(failure);
        return false;
      }
    },
    [session, leave],
  );
  return { cards, trouble, answer };
}
