// What somebody sees whom the server does not know.
import { Mark } from "./mark";

export function LoggedOut({ why }: { why: string | undefined }) {
  // The server says as well what whoever has its terminal does about it; that stands below.
  const cause = why?.replace(/; `.*/, "");
  return (
    <main className="alone">
      <section className="card">
        <h1>
          <Mark /> Centerfire
        </h1>
        {why !== undefined && (
          <p className="why" role="alert">
            {cause}
          </p>
        )}
        <p>This page opens with a login link, which lets one browser in, once. Whoever sent you the link can make another one.</p>
        <p className="soft">If the server is yours, a terminal makes one:</p>
        <dl>
          <dt>
            <code>centerfire serve --open</code>
          </dt>
          <dd>starts the server and opens its link</dd>
          <dt>
            <code>centerfire token create --login</code>
          </dt>
          <dd>
            makes a token for a server that runs; append it to this address as <code>#login=TOKEN</code>
          </dd>
        </dl>
        <button type="button" onClick={() => location.reload()}>
          Try again
        </button>
      </section>
    </main>
  );
}
