// Package demo is a small, real world to watch: an "IRS 1040 e-file" portal of HTTP services on loopback ports, the taxpayers
// who file with it, in their browsers and by their software, a mailbox that takes real SMTP, and the configuration and
// policies that let signalbox watch all of it.
//
// Nothing here makes up a measurement. The services call each other over HTTP and are instrumented with the packages emit and
// emit/otel, as any application would be; the load follows the forecast of a deadline day; a broken service really answers
// 500, refuses, or takes seconds. The rest of the house cannot tell the demo from a customer, and there is no way around
// scrape, receive and gate. What no service can have measured is there to be looked at all the same: who came in the twelve
// weeks before. Those are events that are made up, from a seed, and their source says so; no light is judged by them.
//
// What it keeps: its own folder (configuration, policies, mails), which is removed at Close unless a person named it.
// What it refuses: to listen anywhere but on loopback, to send a mail anywhere, and to invent measurements.
package demo
