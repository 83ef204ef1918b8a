/*
 * libgit2 reads all of the system's certificates when it starts, which takes longer than publishing
 * a small step does, and mighost never opens a connection.  libgit2 finds this function before the
 * one of mbed TLS, so its chain of trusted certificates stays empty: a connection, were there one,
 * would be refused.  A libgit2 that was built with another library does not ask.
 */
int mbedtls_x509_crt_parse_file(void *chain, const char *path);

int mbedtls_x509_crt_parse_file(void *chain, const char *path)
{
    (void)chain;
    (void)path;
    return 0;
}
