// Whether this browser is let in: by the link it was opened with, or by the cookie it got from an earlier one.
import * as api from "./api";

/** Trades the secret of a login link for a cookie, and says who the browser is. */
export async function enter(): Promise<api.Me> {
  const token = /^#login=(.+)$/.exec(location.hash)?.[1];
  if (token === undefined) return api.me();
  // The secret leaves the address before anything else happens: it must not stay in the history.
  history.replaceState(null, "", location.pathname);
  try {
    return await api.login(decodeURIComponent(token));
  } catch (failure) {
    // A link that was opened twice does no harm to who is in already.
    return api.me().catch(() => {
      throw failure;
    });
  }
}
