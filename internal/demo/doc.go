// Package demo is a small, real world to watch: an "IRS 1040 e-file" portal of three HTTP services on loopback ports, the
// taxpayers' software that files with it, a mailbox that takes real SMTP, and the configuration and policies that let
// signalbox watch all of it.
//
// Nothing here makes up a measurement. The services call each other over HTTP and are instrumented with package emit, as any
// application would be; the load follows the forecast of a deadline day; a broken service really answers 500, refuses, or
// takes seconds. The rest of the house cannot tell the demo from a customer, and there is no way around scrape and gate.
//
// What it keeps: its own folder (configuration, policies, mails), which is removed at Close unless a person named it.
// What it refuses: to listen anywhere but on loopback, to send a mail anywhere, and to invent history.
package demo
