// Whether this browser is let in: by the link it was opened with, or by the cookie it got from an earlier one.
import * as api from "./api";

/** Trades the secret of a login link for a cookie, and says who the browser is. */
export async function enter(): Promise<api.Me> {
  const token = /^#login=(.+)$/.exec(location.hash)?.[1];
  if (token === undefined) return known();
  // The secret leaves the address before anything else happens: it must not stay in the history.
  history.replaceState(null, "", location.pathname);
  // Whoever may do all already would lose that by a link that opens less, which he made for somebody else.
  const { me } = await api.who();
  if (me !== null && me.role === "manage" && me.session === null) return me;
  try {
    return await api.login(decodeURIComponent(token));
  } catch (failure) {
    // A link that was opened twice does no harm to who is in already.
    if (me !== null) return me;
    throw failure;
  }
}

async function known(): Promise<api.Me> {
  const { me, why } = await api.who();
  if (me === null) throw new api.ApiError(401, "UNAUTHORIZED", why ?? "");
  return me;
}
