// Package usage answers questions about people, errors, traces and services from rows. It keeps standing numbers at ingest:
// who was active on which day, sessions, retention, feature adoption, error groups and the service map; everything else it
// reads from the row store when asked. It decides nothing: no colour, no page. It keeps no pseudonym, only a hash of it, and
// forgets that too when told.
package usage
