export function RelatedPage() {
  return <h1>Related</h1>;
}
