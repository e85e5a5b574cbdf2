// The conversations that were held in a session, beside its terminal: the last one, and the others by a choice.
import { useEffect, useState } from "react";
import * as api from "../api";
import { ofSession, type Conversation, type Place } from "../conversation/api";
import { onChanged } from "../conversation/feed";
import { titleOf } from "../conversation/plain";
import { Chat } from "./chat";

const TITLE_MAX = 60;

interface Props {
  /** Undefined as long as the list is. */
  session: string | undefined;
  me: api.Me;
  leave: (why?: string) => void;
  moment?: Place | undefined;
  picked?: string | undefined;
  seek?: (place: Place) => boolean;
}

export default function SessionChat({ session, me, leave, moment, picked, seek }: Props) {
  const [list, setList] = useState<Conversation[]>();
  const [trouble, setTrouble] = useState<string>();
  const [chosen, setChosen] = useState<string>();
  useEffect(() => {
    if (session === undefined) return;
    let over = false;
    let known = new Set<string>();
    const look = async () => {
      try {
        const found = await ofSession(session);
        if (over) return;
        known = new Set(found.map(({ name }) => name));
        setList(found);
        setTrouble(undefined);
      } catch (failure) {
        if (!over) api.failing(leave, setTrouble)(failure);
      }
    };
    void look();
    // What comes to those that are known, they tell themselves.
    const unhear = onChanged(me, (changed) => {
      if (changed === undefined || changed.some(({ conversation }) => !known.has(conversation))) void look();
    });
    return () => {
      over = true;
      unhear();
    };
  }, [session]);

  const shown = list?.find(({ name }) => name === chosen) ?? list?.at(-1);
  if (shown === undefined) {
    return (
      <section className="chat nothing" aria-label="Conversation" aria-busy={list === undefined && trouble === undefined}>
        {trouble !== undefined ? (
          <p role="alert">{trouble}</p>
        ) : (
          list !== undefined && (
            <>
              <p>No conversation in this session yet.</p>
              <p className="hint">It appears here when a CLI in it writes its first words.</p>
            </>
          )
        )}
      </section>
    );
  }
  const choice = list !== undefined && list.length > 1 && (
    <select aria-label="Conversation of this session" value={shown.name} onChange={(event) => setChosen(event.target.value)}>
      {list.map((one) => (
        <option key={one.name} value={one.name}>
          {titleOf(one, TITLE_MAX)}
        </option>
      ))}
    </select>
  );
  return <Chat key={`${shown.cli} ${shown.name}`} cli={shown.cli} name={shown.name} me={me} leave={leave} moment={moment} picked={picked} {...(seek === undefined ? {} : { seek })} aside={choice} />;
}
