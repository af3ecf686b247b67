// Package verbs holds the test that shows each thing one can call at work: every
// exported function of the library, and every exported type that has methods, occurs in
// an Example of its own package whose output is compared.
package verbs
