"""LDAP and Kerberos: asks Active Directory who somebody is, and tells what it says."""
