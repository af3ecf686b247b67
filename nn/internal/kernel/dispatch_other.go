//go:build !(amd64 || arm64) || purego

package kernel

// using is the path taken by every kernel.
const using = portable
