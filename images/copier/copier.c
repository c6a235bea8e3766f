/*
 * copier: brings the files of one image into a volume of another container.
 *
 *     copier install DIRECTORY       copies this program to DIRECTORY/copier
 *     copier copy SOURCE DIRECTORY   copies the files below SOURCE to below DIRECTORY
 *
 * It is static and needs nothing of the image that it runs in, so that image may be empty but for the files. Only
 * regular files and folders are copied. A symbolic link is followed where it stays inside SOURCE (ConfigMaps are made of
 * such links) and refused where it leads out of it: what a release directory holds is in the release directory.
 * Names are UTF-8 or any other bytes; owner, times and permissions are not kept: files are 0644 or 0755.
 *
 * Exit codes: 0 done, 1 could not be done (the message says why), 2 called wrongly.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEEPEST 64 /* folders in folders: a loop of links is deeper than any release directory */

static char source_root[PATH_MAX]; /* SOURCE without links in its path */
static unsigned long files;

static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("copier: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
    exit(1);
}

static void join(char *into, const char *folder, const char *name) {
    int length = snprintf(into, PATH_MAX, "%s/%s", folder, name);
    if (length >= PATH_MAX) fail("%s/%s: the path is longer than %d bytes", folder, name, PATH_MAX - 1);
}

static void make_folder(const char *path) {
    struct stat found;
    if (mkdir(path, 0755) == 0) return;
    if (errno == EEXIST && stat(path, &found) == 0 && S_ISDIR(found.st_mode)) return;
    fail("%s: the folder cannot be made: %s", path, strerror(errno));
}

static void copy_file(const char *from, const char *to, mode_t mode) {
    static char buffer[1 << 16];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) fail("%s: cannot be read: %s", from, strerror(errno));
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
    if (out < 0) fail("%s: cannot be written: %s", to, strerror(errno));
    for (;;) {
        ssize_t count = read(in, buffer, sizeof buffer);
        if (count < 0) fail("%s: cannot be read: %s", from, strerror(errno));
        if (count == 0) break;
        for (ssize_t done = 0; done < count;) {
            ssize_t written = write(out, buffer + done, count - done);
            if (written < 0) fail("%s: cannot be written: %s", to, strerror(errno));
            done += written;
        }
    }
    if (fchmod(out, mode) != 0) fail("%s: its mode cannot be set: %s", to, strerror(errno));
    if (close(out) != 0) fail("%s: cannot be written: %s", to, strerror(errno));
    close(in);
}

static int inside_source(const char *path) {
    size_t length = strlen(source_root);
    if (strcmp(source_root, "/") == 0) return 1;
    return strncmp(path, source_root, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static void copy_folder(const char *from, const char *to, int depth) {
    if (depth > DEEPEST) fail("%s: more than %d folders deep; is a symbolic link part of itself?", from, DEEPEST);
    make_folder(to);
    DIR *folder = opendir(from);
    if (folder == NULL) fail("%s: cannot be read: %s", from, strerror(errno));
    for (;;) {
        char here[PATH_MAX], there[PATH_MAX], real[PATH_MAX];
        struct stat found;
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (entry == NULL && errno != 0) fail("%s: cannot be read: %s", from, strerror(errno));
        if (entry == NULL) break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        join(here, from, entry->d_name);
        join(there, to, entry->d_name);
        if (realpath(here, real) == NULL) fail("%s: leads nowhere: %s", here, strerror(errno));
        if (!inside_source(real)) fail("%s: is a symbolic link that leads out of %s, to %s", here, source_root, real);
        if (stat(real, &found) != 0) fail("%s: cannot be looked at: %s", here, strerror(errno));
        if (S_ISDIR(found.st_mode)) {
            copy_folder(here, there, depth + 1);
        } else if (S_ISREG(found.st_mode)) {
            copy_file(real, there, found.st_mode & 0111 ? 0755 : 0644);
            files++;
        } else {
            fail("%s: is neither a file nor a folder", here);
        }
    }
    closedir(folder);
}

int main(int count, char **words) {
    struct stat found;
    umask(022);
    if (count == 3 && strcmp(words[1], "install") == 0) {
        char to[PATH_MAX];
        make_folder(words[2]);
        join(to, words[2], "copier");
        copy_file("/proc/self/exe", to, 0755);
        return 0;
    }
    if (count == 4 && strcmp(words[1], "copy") == 0) {
        if (realpath(words[2], source_root) == NULL) fail("%s: %s: is this the image's folder?", words[2], strerror(errno));
        if (stat(source_root, &found) != 0 || !S_ISDIR(found.st_mode)) fail("%s: is not a folder", words[2]);
        copy_folder(source_root, words[3], 0);
        if (files == 0) fail("%s: holds no files", words[2]);
        printf("copier: %lu files from %s\n", files, words[2]);
        return 0;
    }
    fputs("usage: copier install DIRECTORY | copier copy SOURCE DIRECTORY\n", stderr);
    return 2;
}
