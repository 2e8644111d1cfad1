// Package gate is the only way in for signals: authenticate, limit, store, then tell the observers. Nothing is acknowledged
// before it is durable, and every refusal is counted by source and reason.
package gate
