/** Runs once before the suite. Things that several files share (a disposable database cluster) are started here. */
export default async function setup(): Promise<() => Promise<void>> {
  return async () => {}
}
