//go:build !amd64 || purego

package kernel

// using is the path taken by every kernel.
const using = portable
