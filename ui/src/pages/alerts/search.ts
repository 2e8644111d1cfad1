export function alertsSearch(raw: Record<string, unknown>): Record<string, never> {
  void raw;
  return {};
}
