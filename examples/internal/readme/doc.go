// Package readme holds the test that keeps the README's program compiling.
package readme
