package images

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// Folder is the PNG files of a folder, decoded when they are wanted. It serves several
// goroutines.
type Folder struct {
	Format  Format
	Classes []string // names of the folders in it, in order; nil when it has files only
	files   fs.FS
	name    string // of the folder, for errors
	list    []file
	fit     Fit
}

// file is a file with what it was when the folder was opened.
type file struct {
	path  string
	label int
	size  int64
	time  time.Time
}

// Settings steer Open. The zero value and nil mean the defaults.
type Settings struct {
	// Height and Width are the pixels of a row's image; both 0 are those of the first
	// file.
	Height, Width int
	// Fit says what to do with a file of another size; the zero value returns ErrShape.
	Fit Fit
	// Channels is 1, 3 or 4, as in Format; 0 is 1 when all files are grey, else 3.
	Channels int
	// Low and High are the numbers of black and white; both 0 are −1 and 1.
	Low, High float64
}

// Open reads the list of the PNG files in a folder, and the head of each, from which it
// knows their size. Folders in it, and links to folders, are classes, as in
// other libraries' ImageFolder: every file below the k-th in the order of names, where 10
// comes before 2, has the label k as its condition. Without folders there are no labels. Names that begin with a dot, and files whose names do not
// end in .png, are left out. Shades are 256; files of 16 bits lose the lower 8.
//
// It returns ErrShape for a file of another size than the first or than Settings say,
// unless Fit makes them agree, for a class without a file and for a folder without any,
// ErrFormat for a file that is no PNG and for files beside folders with files, ErrRange
// for Settings that are none and a folder without a name, and what the file system returns. Errors name the file.
func Open(folder string, s *Settings) (*Folder, error) {
	if folder == "" {
		return nil, fmt.Errorf("images: Open: folder: is \"\", want the path of one: %w", ErrRange)
	}
	f, err := open(os.DirFS(folder), folder, s)
	if err != nil {
		return nil, fmt.Errorf("images: Open: %w", err)
	}
	return f, nil
}

// OpenFS is Open for the root of a file system, such as a *zip.Reader or an embed.FS.
func OpenFS(files fs.FS, s *Settings) (*Folder, error) {
	f, err := open(files, "", s)
	if err != nil {
		return nil, fmt.Errorf("images: OpenFS: %w", err)
	}
	return f, nil
}

func open(files fs.FS, name string, s *Settings) (*Folder, error) {
	if s == nil {
		s = &Settings{}
	}
	f := &Folder{files: files, name: name, fit: s.Fit}
	if err := f.scan(); err != nil {
		return nil, err
	}
	colours := false
	f.Format = Format{Height: s.Height, Width: s.Width, Channels: s.Channels, Low: s.Low, High: s.High}
	for i, file := range f.list {
		var h image.Config
		err := f.read(file, func(r io.Reader) (err error) {
			h, err = readHead(r, file.size)
			return err
		})
		if err != nil {
			return nil, f.fault(file.path, err)
		}
		if i == 0 && s.Height == 0 && s.Width == 0 {
			f.Format.Height, f.Format.Width = h.Height, h.Width
		}
		if i == 0 {
			if err := errors.Join(f.Format.Validate(), s.Fit.validate()); err != nil {
				return nil, err
			}
		}
		if err := s.Fit.check(f.Format, h.Height, h.Width); err != nil {
			return nil, f.fault(file.path, err)
		}
		colours = colours || h.ColorModel != color.GrayModel && h.ColorModel != color.Gray16Model
	}
	if s.Channels == 0 && colours {
		f.Format.Channels = 3
	}
	f.Format = f.Format.defaults()
	return f, f.Format.Validate()
}

// scan makes the list of files and classes.
func (f *Folder) scan() error {
	entries, err := fs.ReadDir(f.files, ".")
	if err != nil {
		return f.fault(".", err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !f.isFolder(e) {
			continue
		}
		before := len(f.list)
		if err := f.walk(e.Name(), len(f.Classes)); err != nil {
			return err
		}
		if len(f.list) == before {
			return f.fault(e.Name(), fmt.Errorf("has no file that ends in .png, want a class of at least one: %w", ErrShape))
		}
		f.Classes = append(f.Classes, e.Name())
	}
	inside := len(f.list)
	if err := f.add(".", entries, 0); err != nil {
		return err
	}
	if inside > 0 && len(f.list) > inside {
		return f.fault(f.list[inside].path, fmt.Errorf("is beside folders with files, want all files in folders or none: %w", ErrFormat))
	}
	if len(f.list) == 0 {
		return f.fault(".", fmt.Errorf("has no file that ends in .png: %w", ErrShape))
	}
	return nil
}

// isFolder reports whether a name of the folder itself is that of a folder or a link to one.
func (f *Folder) isFolder(e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := fs.Stat(f.files, e.Name())
	return err == nil && info.IsDir()
}

// walk adds the files below a folder.
func (f *Folder) walk(folder string, label int) error {
	entries, err := fs.ReadDir(f.files, folder)
	if err != nil {
		return f.fault(".", err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			if err := f.walk(path.Join(folder, e.Name()), label); err != nil {
				return err
			}
		}
	}
	return f.add(folder, entries, label)
}

// add adds the files of a folder.
func (f *Folder) add(folder string, entries []fs.DirEntry, label int) error {
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || strings.HasPrefix(name, ".") || !strings.EqualFold(path.Ext(name), ".png") {
			continue
		}
		at := file{path: path.Join(folder, name), label: label}
		info, err := fs.Stat(f.files, at.path) // follows links, which Info does not
		if err != nil {
			return f.fault(".", err)
		}
		if !info.Mode().IsRegular() {
			return f.fault(at.path, fmt.Errorf("is no regular file: %w", ErrFormat))
		}
		at.size, at.time = info.Size(), info.ModTime()
		f.list = append(f.list, at)
	}
	return nil
}

// fault returns an error with the name of a file in the folder.
func (f *Folder) fault(name string, err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		err = e.Err // without its name of the same place
	}
	return fmt.Errorf("%s: %w", path.Join(f.name, name), err)
}

// Len returns the number of files.
func (f *Folder) Len() int { return len(f.list) }

// Dims returns the length of a row, and 1 when there are Classes, else 0.
func (f *Folder) Dims() (d, cond int) { return f.Format.Columns(), min(len(f.Classes), 1) }

// Path returns the path of file i within the folder.
func (f *Folder) Path(i int) string { return f.list[i].path }

// Row decodes file i into x and writes its label into cond. It returns ErrRange for a
// file that there is not, ErrChanged when it has been written to since Open, ErrFormat
// when it is no PNG, ErrShape for an image with transparent pixels where Format has no
// channel for them, and what the file system returns.
func (f *Folder) Row(i int, x, cond []float64) error {
	if i < 0 || i >= len(f.list) {
		return fmt.Errorf("images: Row: %d, want one of 0, …, %d: %w", i, len(f.list)-1, ErrRange)
	}
	at := f.list[i]
	if err := f.decode(at, x); err != nil {
		return fmt.Errorf("images: Row: %w", f.fault(at.path, err))
	}
	if len(f.Classes) > 0 {
		cond[0] = float64(at.label)
	}
	return nil
}

func (f *Folder) decode(at file, x []float64) error {
	return f.read(at, func(r io.Reader) error {
		img, err := readImage(r, at.size)
		if err != nil {
			return err
		}
		b := img.Bounds()
		if err := f.fit.check(f.Format, b.Dy(), b.Dx()); err != nil {
			return err
		}
		return f.Format.encode(x, f.fit.apply(f.Format, img))
	})
}
