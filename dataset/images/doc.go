// Package images makes rows of images and images of rows.
//
// A row holds the pixels of an image line by line from the top, the channels of a pixel
// side by side: the order of nn.Conv and nn.UNet with Size []int{height, width}. A pixel
// has one of K shades k = 0, …, K−1 in each channel, and the row has
//
//	v = Low + (High − Low) k/(K − 1).
//
// Shades are few numbers, and a density over numbers is infinite on them. Training
// therefore sees v + w·u with u uniform on [−1, 1], see augment.Jitter: with w half of the
// step between shades, −log₂ of the density of the noisy row, plus d log₂(1/step), bounds
// the bits of the d shades from above ("A note on the evaluation of generative models",
// arXiv:1511.01844). Snap takes the noise back, and with it what samples have of it: black
// stays black.
//
// All pixels have the same unit, so score.Fit is given Settings.Scaling CommonScale. Left the
// choice it would scale every column by itself, because pixels at the border hardly vary,
// and with a network such as nn.UNet warn of that.
//
// Images come from an IDX or .npy file, by New and array.Open, and from a folder of PNG
// files, by Open. Both stay on disk: a row is read when it is wanted, and nothing is kept,
// so that a set may be larger than memory.
package images

import "errors"

// Errors returned by this package, wrapped with the place and the value.
var (
	// ErrFormat reports a file that is no PNG, or whose header promises more than it
	// holds, and a folder with files both in it and in its folders.
	ErrFormat = errors.New("bad format")
	// ErrShape reports images of another size or other channels than wanted, or none.
	ErrShape = errors.New("wrong shape")
	// ErrRange reports a number that is no shade, a row that there is not, or a setting
	// outside its domain.
	ErrRange = errors.New("out of range")
	// ErrChanged reports a file that is not any more what it was when it was opened.
	ErrChanged = errors.New("file has changed")
)
