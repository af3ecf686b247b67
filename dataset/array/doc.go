// Package array reads arrays of numbers into matrices: NumPy's .npy and .npz files
// and IDX files, the form in which MNIST and its relatives are kept, compressed with
// gzip or not. It writes .npy files.
//
// The first axis of an array is that of the rows, and all others are flattened into
// columns, the last of them fastest: images of shape n×28×28 are a matrix of n×784,
// labels of shape n one of n×1. The shape is returned beside the matrix. Numbers are
// taken as they stand: pixels are not scaled, and NaN is NaN.
//
// Nothing is allocated for what a header only promises: memory is at most that of
// the bytes that are there and of the matrix made of them.
//
// The format of .npy is defined by NumPy (numpy.lib.format, versions 1 to 3), IDX by
// LeCun, Cortes and Burges on the page of the MNIST database.
package array

import "errors"

// Errors returned by this package, wrapped with the place and the value.
var (
	// ErrFormat reports a file that is of no form this package knows, or whose header
	// is not as its form says.
	ErrFormat = errors.New("bad format")
	// ErrType reports elements that are no real numbers, or of a type not read here.
	ErrType = errors.New("unsupported type of elements")
	// ErrShape reports an array without elements, or with more than an int counts.
	ErrShape = errors.New("wrong shape")
	// ErrLength reports a file that ends before its last element or goes on after it.
	ErrLength = errors.New("wrong length")
	// ErrRange reports a whole number that float64 would round.
	ErrRange = errors.New("out of range")
	// ErrChanged reports a file that is not any more what it was when it was opened.
	ErrChanged = errors.New("file has changed")
	// ErrName reports a name that no array of an archive has.
	ErrName = errors.New("no such array")
)
