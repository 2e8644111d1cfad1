export function WallPage() {
  return <h1>WallPage</h1>;
}
